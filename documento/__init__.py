"""The description of the API: `/openapi.json`, made from the routes and their models, and `/docs`, made from that."""

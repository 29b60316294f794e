"""The web panel, in Spanish: what a property manager and an operator look at and touch. Server-rendered."""

// Lo que la aplicación usa de la API, a mano.
export interface components {
  schemas: {
    Alta: { job_id: string };
    Job: {
      job_id: string;
      status: "pending" | "processing" | "completed" | "failed";
      resultado: components["schemas"]["Resultado"][] | null;
      error: string | null;
    };
    Resultado: {
      servicio_id: number;
      consulta_id: string;
      empresa: string;
      tipo_servicio: string;
      deuda: number | null;
      moneda: string | null;
      exito: boolean;
      error: string | null;
    };
    Callback: {
      job_id: string;
      status: "completed" | "failed";
      voucher_id: string | null;
      evento: "servicio.consultado" | "job.completed" | "job.failed" | "callback.prueba";
      resultados: components["schemas"]["Resultado"][] | null;
      error: string | null;
    };
  };
}

import { notFound } from "next/navigation";

import { seguir } from "@/lib/seguimiento";

import { EnVivo } from "./en-vivo";

export default async function Pagina({ params }: PageProps<"/consulta/[voucher]">) {
  const { voucher } = await params;
  const seguimiento = await seguir(voucher);
  if (!seguimiento) notFound();
  return (
    <>
      <h1>Propiedad {seguimiento.propiedadId}</h1>
      <EnVivo voucher={voucher} inicial={seguimiento} />
    </>
  );
}

import { seguir } from "@/lib/seguimiento";

export async function GET(_: Request, { params }: RouteContext<"/api/consulta/[voucher]">): Promise<Response> {
  const { voucher } = await params;
  const seguimiento = await seguir(voucher);
  if (!seguimiento) return Response.json({ error: "No existe esa consulta" }, { status: 404 });
  return Response.json(seguimiento, { headers: { "Cache-Control": "no-store" } });
}

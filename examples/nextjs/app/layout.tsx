import type { Metadata } from "next";
import type { ReactNode } from "react";

import "./estilo.css";

export const metadata: Metadata = { title: "Consultas de deuda" };

export default function Marco({ children }: { children: ReactNode }) {
  return (
    <html lang="es">
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Trouble } from "./api/trouble";
import { App } from "./App";

const TRIES = 3;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 120_000,
      // Whether the network is there is found by asking: the browser's own word is wrong behind a local service.
      networkMode: "always",
      refetchOnReconnect: "always",
      // What came too fast has waited and been sent again already (client.ts).
      retry: (failures, error) => error instanceof Trouble && error.passes && error.kind !== "busy" && failures < TRIES,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
    },
    mutations: { networkMode: "always", retry: false },
  },
});

const place = document.getElementById("page");
if (place === null) throw new Error("the page has no place");

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);

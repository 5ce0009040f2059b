import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export type Notifications = Schema["NotificationsOut"];
export type Target = Schema["WebhookTargetOut"];
export type Matter = Schema["MatterOut"]["matter"];
export type Delivery = Schema["DeliveryOut"];

export const notificationsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: ({ signal }) => body(api.GET("/api/notifications", { signal })),
});

const DELIVERIES = 20;

export const deliveriesQuery = (target_id: string) =>
  infiniteQueryOptions({
    queryKey: ["notifications", "deliveries", target_id],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/notifications/targets/{target_id}/deliveries", {
          signal,
          params: { path: { target_id }, query: { limit: DELIVERIES, cursor: pageParam ?? undefined } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 5_000,
  });

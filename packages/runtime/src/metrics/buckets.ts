/** Upper bounds in seconds for what should take milliseconds: requests, commits, reconciles. */
export const LATENCY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const

/** Upper bounds in seconds for what people wait for: pairing, connecting, webhook deliveries. */
export const DURATION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300] as const

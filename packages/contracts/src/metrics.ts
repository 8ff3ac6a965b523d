/**
 * Names of all metrics, in one place so that dashboards and alerts can be checked against them. Units are in the name (Prometheus
 * conventions). No metric is labelled by instance, phone number or JID: the number of series must not grow with the accounts. A session
 * pod's own metrics are per process, and so per instance, by the scrape target.
 */
export const METRICS = {
  httpRequestSeconds: 'warren_http_request_duration_seconds',
  busPublishFailures: 'warren_bus_publish_failures_total',
  sessionConnected: 'warren_session_connected',
  sessionEpoch: 'warren_session_epoch',
  sessionReconnects: 'warren_session_reconnects_total',
  sessionCommitSeconds: 'warren_session_commit_duration_seconds',
  sessionMessagesIn: 'warren_session_messages_received_total',
  sessionMessagesOut: 'warren_session_messages_sent_total',
  sessionLastFrameSeconds: 'warren_session_last_frame_age_seconds',
  sessionSendsWaiting: 'warren_session_sends_waiting',
  sessionRiskScore: 'warren_session_risk_score',
  sessionSendingPaused: 'warren_session_sending_paused',
  projectionLag: 'warren_projection_lag_entries',
  projectionEntries: 'warren_projection_entries_total',
  liveClients: 'warren_live_clients',
  // controller-runtime's names, so that its dashboards work
  reconcileTotal: 'controller_runtime_reconcile_total',
  reconcileErrors: 'controller_runtime_reconcile_errors_total',
  reconcileSeconds: 'controller_runtime_reconcile_time_seconds',
  queueDepth: 'workqueue_depth',
  queueAdds: 'workqueue_adds_total',
  queueRetries: 'workqueue_retries_total',
} as const

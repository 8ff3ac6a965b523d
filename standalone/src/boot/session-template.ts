import type { SessionPodTemplate } from '@warren/operator'
import { SESSION_MAIN, SESSION_NODE_ENV, SESSION_NODE_FLAGS } from '@warren/session-pod'

/** How a session process is started on this machine: the session pod's own entry point on this very Node. */
export function sessionTemplate(services: {
  readonly mongoUri: string
  readonly sessionsDb: string
  readonly redisUrl: string
  readonly proxyMasterKey: SessionPodTemplate['proxyMasterKey'] & object
  /** Control URL of the simulator that stands in for WhatsApp. */
  readonly simulator: string | undefined
}): SessionPodTemplate {
  return {
    command: [process.execPath, ...SESSION_NODE_FLAGS, SESSION_MAIN],
    env: {
      ...SESSION_NODE_ENV,
      MONGODB_SESSIONS_DB: services.sessionsDb,
      // Any port, and nobody but this machine.
      HEALTH_PORT: '0',
      HEALTH_HOST: '127.0.0.1',
      // For kubectl, of which there is none here; REST does the same with a token.
      CONTROL_PORT: 'off',
      // Whoever starts this has the machine's network anyway.
      WARREN_PROXY_ALLOW_PRIVATE: 'true',
      NODE_ENV: services.simulator ? 'development' : 'production',
      ...(services.simulator ? { WARREN_WHATSAPP_SIMULATOR: services.simulator } : {}),
    },
    secretEnv: { MONGODB_URI: services.mongoUri, REDIS_URL: services.redisUrl },
    proxyMasterKey: services.proxyMasterKey,
    keyFolder: 'secrets',
    // A terminal should not wait longer for its prompt.
    terminationGracePeriodSeconds: 4,
  }
}

/**
 * Names on Redis. Everything there is a hint or a copy (law 3): losing it costs time, never data.
 */
import type { InstanceId, SessionKey } from './ids.ts'

export const CHANNELS = {
  /** Live copies of an organisation's events, as {@link EventEnvelope} JSON. One channel an organisation: streams are scoped by it. */
  events: (organization: string) => `warren:events:${organization}`,
  /** "The session document of this instance changed": the operator and waiting API calls read it again. Payload: the session key. */
  sessions: 'warren:sessions',
  /** "The journal of this instance grew." Payload: the session key. Projectors listen. */
  journal: 'warren:journal',
  /** "The send queue of this instance grew." A wake-up (`bus.wake`); the pod listens. */
  queue: (session: SessionKey) => `warren:queue:${session}`,
  /** Commands to the pod that holds the instance: it serves calls of {@link CommandCall}. */
  commands: (session: SessionKey) => `warren:commands:${session}`,
  /** Requests from pods for signed media URLs, served by the API tier: calls of {@link MediaRequest}, answered with {@link MediaResponse}. */
  media: 'warren:media',
} as const

/** A pod's request for a place in the object store; pods have no credentials of their own for it. */
export type MediaRequest =
  | { readonly op: 'download'; readonly organization: string; readonly key: string }
  | {
      readonly op: 'upload'
      readonly organization: string
      readonly instance: InstanceId
      readonly messageId: string
      readonly mimetype: string
      /** Exact number of bytes: the signed URL takes no other. */
      readonly size: number
    }
/** For an upload: PUT the bytes to `url` with these headers. */
export type MediaResponse = {
  readonly url: string
  readonly key: string
  readonly headers?: Readonly<Record<string, string>>
}

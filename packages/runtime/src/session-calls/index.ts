export { createSessionCalls, type SessionCalls } from './session-calls.ts'

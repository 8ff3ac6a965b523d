/**
 * Account protection. What decides is pure: `windows` and `limits` (how many), `gate` (who goes next and when), `pacing` (how fast a
 * person is), `risk` (from signals to slow and paused), `opt-out` (which replies mean it). What remembers is the session's own state:
 * `spent`, `acquaintances`, `risk-keeper`. `send-gate` is the clockwork between them and the sender, `protection` wires all.
 */
export { createProtection, type Protection } from './protection.ts'
export type { SendGate } from './send-gate.ts'

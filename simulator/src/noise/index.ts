/** Noise XX as WhatsApp speaks it, seen from the server: bytes in, bytes out, no sockets. */
export { createFrameReader, encodeFrame, type FrameReader } from './frames.ts'
export { type ClientFinish, createHandshake, type Handshake } from './handshake.ts'
export type { Transport } from './transport.ts'
export { createTrustChain, type TrustChain, type TrustChainState } from './trust-chain.ts'

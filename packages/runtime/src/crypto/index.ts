export { type Box, createBox, sealTo } from './box.ts'
export { KEYS_PATTERN, keysText, parseKeys } from './key-text.ts'
export {
  constantTimeEqual,
  deriveInstanceKey,
  deriveProxyKey,
  open,
  type SealingKey,
  seal,
  sealedKeyId,
  UnsealError,
} from './seal.ts'

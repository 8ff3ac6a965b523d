export { type Box, createBox, sealTo } from './box.ts'
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

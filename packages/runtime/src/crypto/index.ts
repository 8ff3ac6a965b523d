export {
  constantTimeEqual,
  deriveInstanceKey,
  open,
  type SealingKey,
  seal,
  sealedKeyId,
  UnsealError,
} from './seal.ts'

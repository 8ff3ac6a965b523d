/**
 * The one door to Baileys: deep imports, since its root pulls in analytics tables and more that a session never uses (about 10 MB).
 */
import makeSocket from '@whiskeysockets/baileys/lib/Socket/index.js'

export { DEFAULT_CONNECTION_CONFIG, WA_CERT_DETAILS } from '@whiskeysockets/baileys/lib/Defaults/index.js'
export type {
  AuthenticationCreds,
  SignalAuthState,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys/lib/Types/Auth.js'
export type { SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys/lib/Types/Signal.js'
export type { SocketConfig, WAVersion } from '@whiskeysockets/baileys/lib/Types/Socket.js'
export { initAuthCreds } from '@whiskeysockets/baileys/lib/Utils/auth-utils.js'
export {
  buildPairingQRData,
  getCompanionPlatformId,
} from '@whiskeysockets/baileys/lib/Utils/companion-reg-client-utils.js'
export { aesEncryptCTR, Curve, derivePairingCodeKey } from '@whiskeysockets/baileys/lib/Utils/crypto.js'
export {
  bytesToCrockford,
  generateParticipantHashV2,
  unpadRandomMax16,
} from '@whiskeysockets/baileys/lib/Utils/generics.js'
export { processHistoryMessage } from '@whiskeysockets/baileys/lib/Utils/history.js'
export type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'
export {
  getContentType,
  normalizeMessageContent,
  prepareWAMessageMedia,
} from '@whiskeysockets/baileys/lib/Utils/messages.js'
export { getMediaKeys } from '@whiskeysockets/baileys/lib/Utils/messages-media.js'
export { buildMergedTcTokenIndexWrite as tokenIndexWith } from '@whiskeysockets/baileys/lib/Utils/tc-token-utils.js'
export {
  type BinaryNode,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  isLidUser,
  jidNormalizedUser,
} from '@whiskeysockets/baileys/lib/WABinary/index.js'
export { USyncQuery, USyncUser } from '@whiskeysockets/baileys/lib/WAUSync/index.js'
export { proto } from '@whiskeysockets/baileys/WAProto/index.js'

export { makeSocket }
export type Socket = ReturnType<typeof makeSocket>

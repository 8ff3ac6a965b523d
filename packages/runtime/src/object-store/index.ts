/** Media in S3 or, on one machine, in a folder, behind one port; `conformance.ts` runs on both. */
export { createFolderStore } from './folder-store.ts'
export {
  assertObjectKey,
  attachment,
  type ByteRange,
  type ObjectInfo,
  type ObjectStore,
  ObjectStoreError,
  type ObjectStoreErrorCode,
  type PutOptions,
  type StoredObject,
  type UploadTarget,
} from './object-store.ts'
export { createS3Store, type S3StoreOptions } from './s3-store.ts'
export { createSignedBlobHandler } from './signed-blob-handler.ts'
export { createUrlSigner, type SignedUrl, type UrlSigner } from './url-signer.ts'

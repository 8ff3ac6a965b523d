/** Sessions on the move: the encrypted bundle, and what other programs keep. */
export {
  type BundleHeader,
  type BundleRow,
  type Kdf,
  keyFrom,
  MAX_BUNDLE_BYTES,
  newKdf,
  openBundle,
  readHeader,
  sealBundle,
} from './bundle.ts'
export { type NamedFile, readMultiFileState } from './multi-file.ts'

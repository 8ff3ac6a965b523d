import type { IncomingMessage, ServerResponse } from 'node:http'
import { BLOBS_PATH } from '@warren/api'
import { systemClock as clock } from '@warren/runtime/clock'
import type { Environment } from '@warren/runtime/embedded'
import {
  createFolderStore,
  createS3Store,
  createSignedBlobHandler,
  createUrlSigner,
  type ObjectStore,
} from '@warren/runtime/object-store'
import { StartError } from '../options.ts'
import type { DataFolder } from './data-folder.ts'

/** Where media go, and who serves the signed URLs of a folder. */
export type Media = {
  readonly objectStore: ObjectStore
  readonly blobHandler?: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/**
 * S3 when it is given, else a folder.
 * @param apiUrl where the API serves the folder's signed URLs
 * @throws StartError when S3 is given and cannot be used
 */
export async function openMedia(folder: DataFolder, apiUrl: string, env: Environment): Promise<Media> {
  if (!env.S3_ENDPOINT) {
    const signingKey = await folder.secret('blob-signing-key')
    const signer = createUrlSigner({ baseUrl: apiUrl + BLOBS_PATH, signingKey, clock })
    const store = createFolderStore({ root: folder.path('media'), signer })
    await store.start()
    return { objectStore: store, blobHandler: createSignedBlobHandler({ store, signer }) }
  }
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET, S3_REGION } = env
  if (!S3_ACCESS_KEY || !S3_SECRET_KEY || !S3_BUCKET)
    throw new StartError('S3_ENDPOINT needs S3_ACCESS_KEY, S3_SECRET_KEY and S3_BUCKET beside it.')
  const store = createS3Store({
    endpoint,
    accessKey: S3_ACCESS_KEY,
    secretKey: S3_SECRET_KEY,
    bucket: S3_BUCKET,
    ...(S3_REGION ? { region: S3_REGION } : {}),
    clock,
  })
  await store.start().catch((cause: Error) => {
    throw new StartError(`The object store at ${endpoint} cannot be used: ${cause.message}`, { cause })
  })
  return { objectStore: store }
}

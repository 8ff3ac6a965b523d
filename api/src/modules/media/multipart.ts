/** The one file of a multipart body, as a stream. */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { WarrenError } from '@warren/contracts'
import busboy from 'busboy'

export type UploadedFile = { readonly stream: Readable; readonly filename?: string }

const FIELD = 'file'

/**
 * Calls `use` with the file of the field `file` while it arrives. What comes behind it can still refuse the whole body: then `undo` gets
 * what `use` made.
 * @throws WarrenError `unsupported_media_type` for another kind of body, `validation_failed` when the file is missing or not alone
 */
export async function withUploadedFile<T>(
  req: IncomingMessage,
  use: (file: UploadedFile) => Promise<T>,
  undo: (made: T) => Promise<unknown>,
): Promise<T> {
  if (!/^multipart\/form-data\b/i.test(req.headers['content-type'] ?? ''))
    throw new WarrenError('unsupported_media_type', 'The body must be multipart/form-data.')
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let using: Promise<T> | undefined
  const parser = startParser(req)
  parser.on('file', (field, stream, { filename }) => {
    if (field !== FIELD || using) {
      stream.resume()
      reject(invalid(`"${field}" is not allowed; send one file as "${FIELD}"`))
      return
    }
    const file = { stream, ...(filename ? { filename: filename.slice(0, 255) } : {}) }
    using = use(file)
    using.catch(reject)
  })
  parser.on('field', (field) => reject(invalid(`"${field}" is not allowed`)))
  for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
    parser.on(limit, () => reject(invalid(`send one file as "${FIELD}" and nothing else`)))
  parser.on('error', (error: Error) => reject(invalid(error.message)))
  parser.on('close', () => {
    if (using) using.then(resolve, reject)
    else reject(invalid(`"${FIELD}" is required`))
  })
  req.once('aborted', () => parser.destroy(new Error('the upload was cut off')))
  req.pipe(parser)
  try {
    return await promise
  } catch (error) {
    // What is left of a refused body is read and dropped, so that the client gets to see the answer.
    req.unpipe(parser)
    req.resume()
    await using?.then(undo, () => {})
    throw error
  }
}

function startParser(req: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, limits: { files: 2, fields: 1, parts: 3, headerPairs: 20 } })
  } catch (error) {
    throw invalid((error as Error).message)
  }
}

function invalid(message: string): WarrenError {
  return new WarrenError('validation_failed', message, {
    details: { fields: [{ path: `body.${FIELD}`, message }] },
  })
}

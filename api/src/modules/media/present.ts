import type { MediaDoc } from './repo.ts'

export function presentMedia({ _id, mimetype, size, sha256, filename, createdAt }: MediaDoc) {
  return {
    id: _id,
    mimetype,
    size,
    sha256,
    ...(filename === undefined ? {} : { filename }),
    createdAt: createdAt.toISOString(),
  }
}

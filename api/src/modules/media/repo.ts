/** Uploaded files. The bytes are in the object store under `uploads/<organisation>/<id>`. */
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'

export type MediaDoc = {
  readonly _id: string
  readonly organization: string
  readonly key: string
  /** What the bytes are, not what the file was called. */
  readonly mimetype: string
  readonly size: number
  /** Hex SHA-256. */
  readonly sha256: string
  readonly filename?: string
  readonly createdBy: string
  readonly createdAt: Date
}

const schema = new Schema<MediaDoc>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    key: { type: String, required: true },
    mimetype: { type: String, required: true },
    size: { type: Number, required: true },
    sha256: { type: String, required: true },
    filename: String,
    createdBy: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, _id: 1 })

export type MediaRepo = {
  insert(media: MediaDoc): Promise<void>
  get(organization: string, id: string): Promise<MediaDoc | null>
  /** Whether there was one. */
  remove(organization: string, id: string): Promise<boolean>
}

export function createMediaRepo(database: PlatformDatabase): MediaRepo {
  const media = database.tenantCollection<MediaDoc>('media', schema)
  return {
    insert: (document) => media.insert(document),
    get: (organization, id) => media.findOne({ organization, _id: id }),
    remove: async (organization, id) => (await media.remove({ organization, _id: id })) > 0,
  }
}

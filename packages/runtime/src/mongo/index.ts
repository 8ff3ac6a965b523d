export {
  type ConnectMongoOptions,
  connectMongo,
  MONGO_OPTIONS,
  type MongoConnection,
} from './connect-mongo.ts'
export { createGroupWriter, type GroupWriter } from './group-writer.ts'
export {
  classifyMongoError,
  isDuplicateKey,
  isNotPrimary,
  isTransient,
  type MongoErrorKind,
} from './mongo-errors.ts'

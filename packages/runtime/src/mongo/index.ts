export {
  type ConnectMongoOptions,
  connectMongo,
  MONGO_OPTIONS,
  type MongoConnection,
} from './connect-mongo.ts'
export {
  classifyMongoError,
  isDuplicateKey,
  isNotPrimary,
  isTransient,
  type MongoErrorKind,
} from './mongo-errors.ts'

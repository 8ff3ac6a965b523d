/** Names and secrets that several parts of the stack have to agree on. */
export const ORGANIZATION = 'chaos'
export const SESSIONS_DB = 'chaos_sessions'
export const PLATFORM_DB = 'chaos_platform'
export const OWNER = {
  email: 'owner@example.com',
  password: 'correct horse battery',
  organization: ORGANIZATION,
}

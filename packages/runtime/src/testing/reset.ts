import type { Socket } from 'node:net'

/**
 * Cuts a connection so that its other side hears of a reset. One that is being ended is only destroyed: libuv refuses to reset it, and
 * Node forgets it half closed, which keeps the process from ending.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

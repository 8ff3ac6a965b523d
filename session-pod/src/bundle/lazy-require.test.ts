import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRequiresLazy } from './lazy-require.ts'

const rows: { name: string; source: string; lazy: string }[] = [
  {
    name: 'members, calls, constructors and spreads',
    source: `const a_1 = require("./a");
exports.x = new a_1.X((0, a_1.y)(), ...a_1.z, other.a_1.b, my_a_1.c);`,
    lazy: `const a_1 = () => require("./a");
exports.x = new (a_1()).X((0, (a_1()).y)(), ...(a_1()).z, other.a_1.b, my_a_1.c);`,
  },
  {
    name: 'a module that is itself a value stays',
    source: `const net = require("net");
run(net, net.connect);`,
    lazy: `const net = require("net");
run(net, net.connect);`,
  },
  {
    name: 'a comment is no use of it',
    source: `const b_1 = require("./b"); // not at the end of its line
const c_1 = require("./c");
/** see c_1 and d */
c_1.run();`,
    lazy: `const b_1 = require("./b"); // not at the end of its line
const c_1 = () => require("./c");
/** see c_1 and d */
(c_1()).run();`,
  },
]

for (const { name, source, lazy } of rows) test(name, () => assert.equal(makeRequiresLazy(source), lazy))

/**
 * What checkers of packages say of the tarball.
 *
 *   node tests/matrix/package/try.mjs TARBALL
 */
import { call, inProject, print } from '../support.mjs';

const [tarball] = process.argv.slice(2);

/** By name: the package of the checker, its version, and how it is run. */
const CHECKERS = {
  publint: { packages: { publint: '0.3.25' }, command: ['publint', 'run', tarball, '--strict'] },
  attw: { packages: { '@arethetypeswrong/cli': '0.18.5' }, command: ['attw', tarball, '--profile', 'esm-only'] },
};

for (const [tool, { packages, command }] of Object.entries(CHECKERS)) {
  const [version] = Object.values(packages);
  const report = await inProject(tarball, { packages, files: {} }, (folder) => call(folder, 'npx', command))
    .then(() => ({ works: true }), (error) => ({ works: false, note: `${error.stdout ?? error}`.slice(-500) }));
  print({ tool, version, ...report });
}

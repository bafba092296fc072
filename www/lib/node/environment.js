/** What the environment of a process decides: where models are kept, and how a Hub is asked for them. */

import os from 'node:os';
import path from 'node:path';

/** The folder of everything that was downloaded, unless a load names one. */
export function cacheFolder({ env, platform } = process) {
  if (env.HEADWISE_CACHE) return path.resolve(env.HEADWISE_CACHE);
  return path.join(userCaches(env, platform), 'headwise');
}

/** @param {NodeJS.ProcessEnv} env @param {string} platform */
function userCaches({ XDG_CACHE_HOME, LOCALAPPDATA }, platform) {
  if (XDG_CACHE_HOME) return path.resolve(XDG_CACHE_HOME);
  if (platform === 'win32') return LOCALAPPDATA ?? path.join(os.homedir(), 'AppData', 'Local');
  return path.join(os.homedir(), ...platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']);
}

/** Options of a load where it says nothing else, by the names that Python gives them. */
export function hubOptions({ HF_TOKEN, HF_ENDPOINT } = process.env) {
  return { ...HF_TOKEN && { token: HF_TOKEN }, ...HF_ENDPOINT && { endpoint: HF_ENDPOINT } };
}

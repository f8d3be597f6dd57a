// Entry of `js_client.js`, the plain script. The class itself is the export, so that
// `require('./js_client.js')` is the constructor; a page finds it on `window`, also when a
// bundler wraps the script as a module.
import { RTSPStreamClient } from './client';

if (typeof window !== 'undefined') Object.assign(window, { RTSPStreamClient });

export default RTSPStreamClient;

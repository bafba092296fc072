/** A build of the module as a bundler gives it: its address, or itself. For the option `wasm`. */
declare const module: string | WebAssembly.Module;
export default module;

/**
 * A classifier for a component of React. To use it: `npm install headwise`, and copy this file.
 *
 *   const { classify, progress, error } = useClassifier('/my-model/');
 *
 * The model is loaded once, also under `<StrictMode>`, and let go when the component is, or when the model is another.
 * `classify` is there when the model is; a newer call ends the one before, which resolves to undefined.
 */

import { latest, pipeline } from 'headwise';
import { useEffect, useState } from 'react';

/** @type {{classify?: ReturnType<typeof latest<import('headwise').TextClassificationPipeline>>, progress: number, error?: Error}} */
const LOADING = { progress: 0 };

/**
 * @param {string} model
 * @param {import('headwise').LoadOptions} [options]  those of the render that asks for the model first
 */
export function useClassifier(model, options) {
  const [state, setState] = useState(LOADING);
  useEffect(() => {
    const unused = new AbortController();
    const { signal } = unused;
    const show = (next) => { if (!signal.aborted) setState({ ...LOADING, ...next }); };
    const progress_callback = ({ status, progress }) => { if (status === 'progress_total') show({ progress }); };
    // StrictMode takes its first use back at once: that load has not begun when it is aborted.
    const loading = pipeline('text-classification', model, { ...options, signal, progress_callback });
    loading.then((pipe) => {
      const newest = latest(pipe);
      const classify = (...args) => newest(...args).catch((error) => { if (!signal.aborted) throw error; });
      show({ classify, progress: 100 });
    }, (error) => show({ error }));
    return () => {
      unused.abort();
      loading.then((pipe) => pipe.dispose(), () => {});
      setState(LOADING);
    };
  }, [model]);
  return state;
}

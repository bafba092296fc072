/** A field that tells the label of what is written into it, and a choice of models. */

import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useClassifier } from './use-classifier.js';

function Classifier({ model }) {
  const { classify, progress, error } = useClassifier(model);
  const [text, setText] = useState('');
  const [label, setLabel] = useState('');
  useEffect(() => {
    classify?.(text).then((labels) => { if (labels) setLabel(labels[0].label); }, ({ message }) => setLabel(message));
  }, [classify, text]);
  return (
    <>
      <input aria-label="Text" value={text} onChange={(event) => setText(event.target.value)} />
      <output>{error?.message ?? (classify ? label : `${Math.round(progress)} %`)}</output>
    </>
  );
}

function App() {
  const [model, setModel] = useState('/emotions-q8/');
  return (
    <>
      <select aria-label="Model" value={model} onChange={(event) => setModel(event.target.value)}>
        <option value="/emotions-q8/">8-bit integers</option>
        <option value="/emotions/">16-bit floats</option>
        <option value="">no model</option>
      </select>
      {model && <Classifier model={model} />}
    </>
  );
}

createRoot(document.querySelector('main')).render(<StrictMode><App /></StrictMode>);

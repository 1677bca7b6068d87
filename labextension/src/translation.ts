import { nullTranslator, type ITranslator, type TranslationBundle } from '@jupyterlab/translation';

/** Under which name the translations of these strings are kept. */
const DOMAIN = 'agent_hub';

/** Says strings in the person's language: read when they are shown, since the language is known once Lab has started. */
export let trans: TranslationBundle = nullTranslator.load(DOMAIN);

/** Take the language of Lab. */
export function translateBy(translator: ITranslator | null): void {
  trans = (translator ?? nullTranslator).load(DOMAIN);
}

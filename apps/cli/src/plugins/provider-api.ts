// What a plugin in ~/.bot-bottle/contrib gets when it imports `@bot-bottle/providers` and has no copy of its own.
export { defineProvider, ProviderError } from '@bot-bottle/providers';

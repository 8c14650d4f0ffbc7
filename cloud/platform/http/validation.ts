import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

const problemsMax = 3;

/**
 * Checks requests with TypeBox's own compiled checks: bodies exactly as sent (nothing is coerced or
 * dropped); path and query, which are always text, are first read as the types their schema names.
 */
export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const isText = httpPart !== 'body';
  return (input: unknown) => {
    const value = isText ? Value.Default(schema, Value.Convert(schema, input)) : input;
    if (validator.Check(value)) return { value };
    const problems = [...validator.Errors(value)].slice(0, problemsMax);
    const words = problems.map((problem) => `${problem.instancePath || '/'} ${problem.message}`);
    return { error: new Error(`${httpPart}: ${words.join('; ')}`) };
  };
};

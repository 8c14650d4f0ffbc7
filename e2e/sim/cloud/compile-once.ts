import { createRequire } from 'node:module';
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { compileSchema } from '#cloud/platform/http/validation.ts';

/**
 * A process that starts the cloud thousands of times builds the checks and the writers of a route once: they depend on
 * its schema alone and keep no state. To be called on an app that is built and not yet ready.
 */
export function compileOnce(app: CloudApp): void {
  app.setValidatorCompiler(validatorOf);
  app.setSerializerCompiler(serializerOf);
}

type Serializer = ReturnType<FastifySerializerCompiler<unknown>>;
type Validator = ReturnType<FastifySchemaCompiler<TSchema>>;

/** The compiler that Fastify itself takes when it is given none. */
const ofFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));
const { SerializerSelector } = ofFastify('@fastify/fast-json-stringify-compiler') as {
  readonly SerializerSelector: () => (
    externalSchemas: object,
    options: object,
  ) => FastifySerializerCompiler<unknown>;
};
const compileSerializer = SerializerSelector()({}, {});

/** As many as there are routes with schemas: the same in every app of the process. */
const serializers = new Map<string, Serializer>();
const validators = new Map<string, Validator>();

const serializerOf: FastifySerializerCompiler<unknown> = (route) => {
  const { method, url, httpStatus, contentType = '' } = route;
  const key = `${method} ${url} ${httpStatus} ${contentType}`;
  const known = serializers.get(key) ?? compileSerializer(route);
  serializers.set(key, known);
  return known;
};

const validatorOf: FastifySchemaCompiler<TSchema> = (route) => {
  const key = `${route.method} ${route.url} ${route.httpPart}`;
  const known = validators.get(key) ?? compileSchema(route);
  validators.set(key, known);
  return known;
};

#!/bin/sh
exec timeout 280 flock /tmp/gavel-e2e.lock node_modules/.bin/node node_modules/vitest/vitest.mjs run --project e2e "$@"

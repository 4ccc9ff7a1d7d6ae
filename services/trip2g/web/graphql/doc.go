// Package graphql serves the sync API: the schema in the folder schema, over JSON and multipart
// POSTs.
package graphql

//go:generate go tool gqlgen generate

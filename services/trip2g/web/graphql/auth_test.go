package graphql_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"trip2g/services/trip2g/web/graphql"
)

// permissions lists the fields of the API by who may use them.
var permissions = map[graphql.Permission]string{
	graphql.PermissionAnyone:   "viewer",
	graphql.PermissionReader:   "search",
	graphql.PermissionSameSite: "requestEmailSignInCode signInByEmail signOut",
	graphql.PermissionRead: "siteAccess stagedAccess unspecifiedNotes notePaths notes note noteVersions noteVersion noteDifference " +
		"warnings nodes noteChanges",
	graphql.PermissionPublish:  "uploadNoteAsset hideNotes commitNotes discardNotes restoreNoteVersion showNotes updateNotes forgetNode",
	graphql.PermissionPush:     "pushNotes",
	graphql.PermissionSettings: "setSiteAccess",
	graphql.PermissionSession:  "sessions endSession endOtherSessions",
	graphql.PermissionOwner: "overview missingPages siteSettings nodeSettings jobs dismissMissingPage saveSiteSettings runJob redirects " +
		"putRedirect deleteRedirect members memberGroups apiKeys inviteMember setMemberGroups removeMember createApiKey updateApiKey revokeApiKey",
}

func TestEveryFieldOfTheAPIRequiresItsPermission(t *testing.T) {
	want := map[string]string{}
	for permission, fields := range permissions {
		for name := range strings.FieldsSeq(fields) {
			want[name] = permission.String()
		}
	}
	schema := graphql.NewExecutableSchema(graphql.Config{}).Schema()
	got := map[string]string{}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range root.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			auth := field.Directives.ForName("auth")
			if auth == nil {
				t.Errorf("anyone can use %s: it has no @auth", field.Name)
				continue
			}
			got[field.Name] = auth.Arguments.ForName("requires").Value.Raw
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the fields require %v, want %v", got, want)
	}
}

package directory

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/client"
)

// OA-5: a file can say all that is kept of a client, and nothing else.
func TestFilesSayAllThatIsKept(t *testing.T) {
	if diff := cmp.Diff(names[client.Metadata](), names[apply.Metadata]()); diff != "" {
		t.Error(diff)
	}
	age := 0
	kept := client.Metadata{ClientURI: "https://a.example/", Contacts: []string{"a@b.example"}, JWKS: []byte(`{"keys":[]}`), DefaultMaxAge: &age, NoPKCE: true}
	back, err := client.Metadata{}.Over(described(kept).Members())
	if err != nil || cmp.Diff(kept, back) != "" {
		t.Errorf("%v %s", err, cmp.Diff(kept, back))
	}
}

func names[T any]() []string {
	all := map[string]bool{}
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

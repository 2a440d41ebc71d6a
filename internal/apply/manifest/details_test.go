package manifest

import (
	"encoding/json"
	"strings"
	"testing"
)

// OA-76: the types of authorization_details come out as they were declared.
func TestDetailTypes(t *testing.T) {
	f, err := Parse("f.yaml", strings.NewReader("resources:\n  - identifier: https://bank.example.test\n    authorization_details_types:\n      - {type: payment, description: Pay, fields: [{name: to, description: To, kind: text, required: true}]}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(f.Resources[0].DetailTypes)
	if err != nil || !strings.Contains(string(b), `"type":"payment"`) || !strings.Contains(string(b), `"required":true`) {
		t.Errorf("%s %v", b, err)
	}
}

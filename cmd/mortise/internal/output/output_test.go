package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

func raws(texts ...string) []json.RawMessage {
	var all []json.RawMessage
	for _, t := range texts {
		all = append(all, json.RawMessage(t))
	}
	return all
}

func TestTableAlignsByWhatIsSeen(t *testing.T) {
	var b bytes.Buffer
	p := &Printer{Out: &b, Format: Table}
	if err := p.List(raws(`{"id":"1","name":"日本"}`, `{"id":"2","name":"Ada"}`), []string{"name", "id"}, nil); err != nil {
		t.Fatal(err)
	}
	if want := "NAME  ID\n日本  1\nAda   2\n"; b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestCleanLeavesNothingToObey(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 日": "plain é 日", "\x1b[2J": `\u001b[2J`, "a\u202eb": `a\u202eb`, "a\rb": `a\u000db`, "a\u009bb": `a\u009bb`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q", in, got)
		}
	}
}

func TestYAMLKeepsTypesAndOrder(t *testing.T) {
	var b bytes.Buffer
	p := &Printer{Out: &b, Format: YAML}
	if err := p.Object(json.RawMessage(`{"z":"123","a":1,"t":"true","n":null,"l":["no"],"e":""}`)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`'123'`, "a: 1", `'true'`, `: null`, `- "no"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	if strings.Index(b.String(), "z:") > strings.Index(b.String(), "a:") {
		t.Errorf("order lost:\n%s", b.String())
	}
}

// With a filter and a limit, the cursor goes on exactly after the last row read.
func TestCollectCursorIsExact(t *testing.T) {
	fetch := func(after string, limit int) (Page, error) {
		var at int
		fmt.Sscan(after, &at)
		var p Page
		for i := at; i < min(at+limit, 20); i++ {
			p.Data = append(p.Data, json.RawMessage(fmt.Sprintf(`{"n":"%d","odd":%t}`, i, i%2 == 1)))
		}
		p.Next, p.HasMore = fmt.Sprint(at+limit), at+limit < 20
		return p, nil
	}
	var seen []string
	after := ""
	for range 20 {
		rows, next, err := Query{Limit: 3, After: after, Filter: []string{"odd=true"}}.Collect(fetch)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			seen = append(seen, string(r))
		}
		if after = next; next == "" {
			break
		}
	}
	if len(seen) != 10 || after != "" {
		t.Errorf("saw %d rows: %v", len(seen), seen)
	}
}

func TestCollectStopsOnALoop(t *testing.T) {
	fetch := func(string, int) (Page, error) { return Page{Next: "x", HasMore: true}, nil }
	if _, _, err := (Query{}).Collect(fetch); err == nil {
		t.Error("an endless list ended without an error")
	}
}

// AU-22: one event a line, whatever it holds, and nothing that a terminal or a reader
// of lines obeys; what is read back is what was written.
func TestLinesHoldOneEvent(t *testing.T) {
	for _, odd := range []string{"line\nbreak\r", "\x1b[31m", "\u009b31m", "\x7f", "\u202eevil", "\u2028", "\x00", `"}\n{"name":"login.succeeded"}`, `\u009b`} {
		data, err := json.Marshal(map[string]string{"name": "login.failed", "user_agent": odd})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := (&Printer{Out: &out, Format: JSON}).Object(data); err != nil {
			t.Fatal(err)
		}
		line, more, _ := strings.Cut(out.String(), "\n")
		if more != "" || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("%q became %q", odd, out.String())
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(line), &back); err != nil || back["user_agent"] != odd {
			t.Errorf("%q became %q: %v", odd, line, err)
		}
	}
}

func TestProblemSaysNothingTwice(t *testing.T) {
	for _, c := range []struct{ title, detail, want string }{
		{"There is no such user", "There is no such user.", "mortise: There is no such user\n"},
		{"There is no such user", "There is no such user. Check the id.", "mortise: There is no such user\n  Check the id.\n"},
		{"It failed", "It failedly said more.", "mortise: It failed\n  It failedly said more.\n"},
		{"It failed", "", "mortise: It failed\n"},
	} {
		var b strings.Builder
		p := &Printer{Err: &b, Format: Table}
		if p.Problem(Problem{Title: c.title, Detail: c.detail}); b.String() != c.want {
			t.Errorf("%q, %q: %q", c.title, c.detail, b.String())
		}
	}
}

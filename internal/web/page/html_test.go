package page

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// element is one start tag of a page.
type element struct {
	tag  string
	attr map[string]string
}

var (
	anyTag   = regexp.MustCompile(`<[a-zA-Z]`)
	wholeTag = regexp.MustCompile(`<([a-z][a-z0-9]*)((?:\s+[a-zA-Z][\w:-]*(?:="[^"<]*")?)*)\s*/?>`)
	oneAttr  = regexp.MustCompile(`([a-zA-Z][\w:-]*)(?:="([^"]*)")?`)
)

// elements reads a page of ours, which is regular: lower-case tags, attributes
// in double quotes. Anything else is a fault of the page.
func elements(t *testing.T, page string) []element {
	t.Helper()
	if done, ok := scanned.Load(page); ok {
		return done.([]element)
	}
	tags := wholeTag.FindAllStringSubmatch(page, -1)
	if n := len(anyTag.FindAllString(page, -1)); n != len(tags) {
		t.Fatalf("%d tags of %d are in our form", len(tags), n)
	}
	all := make([]element, 0, len(tags))
	for _, tag := range tags {
		e := element{tag: tag[1], attr: map[string]string{}}
		for _, a := range oneAttr.FindAllStringSubmatch(tag[2], -1) {
			e.attr[a[1]] = html.UnescapeString(a[2])
		}
		all = append(all, e)
	}
	scanned.Store(page, all)
	return all
}

// scanned keeps what elements found: many tests read the same pages.
var scanned sync.Map

// SE-40: nothing inline, so the policy needs no exception. The export is a file
// of its own and carries its own policy.
func TestNothingInline(t *testing.T) {
	each(t, "", func(t *testing.T, s Sample, page string) {
		if _, file := s.View.(Export); file {
			if !strings.Contains(page, `http-equiv="Content-Security-Policy"`) {
				t.Error("the export has no policy of its own")
			}
			return
		}
		for _, e := range elements(t, page) {
			if e.tag == "style" || e.tag == "script" && e.attr["src"] == "" {
				t.Errorf("inline <%s>", e.tag)
			}
			for name, value := range e.attr {
				if name == "style" || strings.HasPrefix(name, "on") || strings.HasPrefix(strings.ToLower(value), "javascript:") {
					t.Errorf("<%s %s=%q>", e.tag, name, value)
				}
			}
		}
	})
}

func TestIDsAreUniqueAndReferencesHold(t *testing.T) {
	each(t, "", func(t *testing.T, s Sample, page string) {
		ids := map[string]bool{}
		all := elements(t, page)
		for _, e := range all {
			id, ok := e.attr["id"]
			if ok && (ids[id] || id == "") {
				t.Errorf("id %q twice", id)
			}
			ids[id] = true
		}
		for _, e := range all {
			for _, name := range []string{"for", "aria-labelledby", "aria-describedby"} {
				for _, ref := range strings.Fields(e.attr[name]) {
					if !ids[ref] {
						t.Errorf("<%s %s=%q> leads nowhere", e.tag, name, ref)
					}
				}
			}
			if ref, ok := strings.CutPrefix(e.attr["href"], "#"); ok && !ids[ref] {
				t.Errorf("link to #%s leads nowhere", ref)
			}
		}
	})
}

// Every field a person fills has a label; fields at fault say so to everyone.
func TestFieldsAreLabelled(t *testing.T) {
	wrapped := regexp.MustCompile(`(?s)<label[^>]*><input[^>]*id="([^"]+)"`)
	each(t, "", func(t *testing.T, s Sample, page string) {
		labelled := map[string]bool{}
		for _, m := range wrapped.FindAllStringSubmatch(page, -1) {
			labelled[m[1]] = true
		}
		all := elements(t, page)
		for _, e := range all {
			if e.tag == "label" {
				labelled[e.attr["for"]] = true
			}
		}
		for _, e := range all {
			field := e.tag == "select" || e.tag == "input" && e.attr["type"] != "hidden" && e.attr["aria-hidden"] != "true"
			if field && !labelled[e.attr["id"]] {
				t.Errorf("<%s id=%q> has no label", e.tag, e.attr["id"])
			}
			if e.attr["aria-invalid"] == "true" && !strings.Contains(e.attr["aria-describedby"], e.attr["id"]+"-error") {
				t.Errorf("%s is at fault and does not say why", e.attr["id"])
			}
		}
	})
}

// Landmarks, language, titles that differ, a skip link.
func TestEveryPageIsReadable(t *testing.T) {
	heading := regexp.MustCompile(`<h1[ >]`)
	each(t, "", func(t *testing.T, s Sample, page string) {
		if n := len(heading.FindAllString(page, -1)); n != 1 {
			t.Errorf("%d headings of the first level", n)
		}
		for _, want := range []string{`<html lang="` + s.Frame.Lang + `"`, "<main", `name="viewport"`, "<title>"} {
			if !strings.Contains(page, want) {
				t.Errorf("no %s", want)
			}
		}
		if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "<no value>") {
			t.Error("a value did not fit its place")
		}
	})
}

// titleOf is the whole title of a page.
func titleOf(page string) string {
	_, rest, _ := strings.Cut(page, "<title>")
	title, _, _ := strings.Cut(rest, "</title>")
	return title
}

func TestTitlesDiffer(t *testing.T) {
	plain, _ := renderers(t, "")
	seen := map[string]string{}
	for _, s := range Samples() {
		name := s.View.sheet().name
		title := titleOf(render(t, plain, s))
		if other, ok := seen[title]; ok && other != name && !(strings.HasPrefix(name, "setup") && strings.HasPrefix(other, "setup")) {
			switch name + "/" + other {
			case "export/data": // the same thing on paper
			default:
				t.Errorf("%s and %s are both called %q", name, other, title)
			}
		}
		seen[title] = name
	}
}

// contract.md, "Stable element ids".
func TestContractIDs(t *testing.T) {
	want := map[string][]string{
		"login": {"identifier", "password", "submit"}, "signup": {"display-name", "email", "new-password", "submit"},
		"code-signup": {"code", "submit"}, "code-recover": {"code", "submit"}, "verify-signup": {"submit"},
		"recover": {"identifier", "submit"}, "recover-password": {"new-password", "submit"},
		"logout": {"logout-confirm", "cancel"}, "profile": {"display-name", "submit"}, "addresses": {"email", "submit"},
		"password": {"password", "new-password", "submit"}, "confirm-export": {"password", "submit", "cancel"},
		"setup-code": {"code", "submit"}, "setup-person": {"display-name", "email", "new-password", "submit"},
		"login-wrong": {"error-code"}, "dead-recover": {"error-code"}, "setup-closed": {"error-code"}, "explain": {"error-code"},
	}
	each(t, "", func(t *testing.T, s Sample, page string) {
		ids := want[s.Name]
		if _, ok := s.View.(Fault); ok {
			ids = []string{"error-code"}
		}
		for _, id := range ids {
			if !strings.Contains(page, ` id="`+id+`"`) {
				t.Errorf("no element %s", id)
			}
		}
	})
}

// PW-7: managers are told exactly what each field is, and pasting stays allowed.
func TestAutocomplete(t *testing.T) {
	want := map[string]string{
		"password": "current-password", "new-password": "new-password", "code": "one-time-code",
		"identifier": "username", "username": "username", "display-name": "name",
	}
	each(t, "", func(t *testing.T, s Sample, page string) {
		all := elements(t, page)
		for _, e := range all {
			token, known := want[e.attr["id"]]
			_, setup := s.View.(SetupCode)
			_, device := s.View.(DeviceCode) // neither comes by message
			if e.tag != "input" || !known || setup || device {
				continue
			}
			if !slices.Contains(strings.Fields(e.attr["autocomplete"]), token) {
				t.Errorf("%s has autocomplete %q", e.attr["id"], e.attr["autocomplete"])
			}
			if e.attr["type"] == "password" && e.attr["value"] != "" {
				t.Errorf("%s is given back", e.attr["id"])
			}
		}
		alone := slices.ContainsFunc(all, func(e element) bool { return e.attr["type"] == "password" }) &&
			!slices.ContainsFunc(all, func(e element) bool { return strings.Contains(e.attr["autocomplete"], "username") })
		if alone {
			t.Error("a password without its user name")
		}
	})
}

// A foreign mux may mount us anywhere: no address forgets the base path.
func TestBasePath(t *testing.T) {
	each(t, "/auth", func(t *testing.T, s Sample, page string) {
		for _, e := range elements(t, page) {
			if e.attr["rel"] == "external" || e.attr["id"] == "respond" { // ways to an app
				continue
			}
			for _, name := range []string{"href", "action", "src"} {
				v, ok := e.attr[name]
				if _, leads := s.View.(SignedOff); leads && (e.tag == "iframe" || e.attr["id"] == "continue") {
					continue // addresses of apps
				}
				if ok && !strings.HasPrefix(e.attr["rel"], "external") && !strings.HasPrefix(v, "/auth/") && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "http://localhost:8080/") {
					t.Errorf("<%s %s=%q>", e.tag, name, v)
				}
			}
		}
	})
}

// What a page of ours names itself to come back to has the base path too. Samples give
// the rest, so it is looked for where it is written.
func TestWaysBackAreMounted(t *testing.T) {
	literal := regexp.MustCompile(`"return_to" "/|name="return_to" value="/`)
	err := fs.WalkDir(files, "templates", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := files.ReadFile(path)
		if found := literal.Find(body); found != nil {
			t.Errorf("%s: %s", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every form posts, and carries the token when there is one.
func TestFormsCarryTheToken(t *testing.T) {
	plain, dev := renderers(t, "")
	for _, s := range Samples() {
		r := plain
		if s.Dev {
			r = dev
		}
		s.Frame.CSRF = "made-up"
		page := render(t, r, s)
		forms := strings.Count(page, "<form") - strings.Count(page, `id="respond"`) // that one is an app's: our token is not for it
		tokens := strings.Count(page, `name="csrf" value="made-up"`)
		if posts := strings.Count(page, `method="post"`) - strings.Count(page, `id="respond"`); forms != tokens || forms != posts {
			t.Errorf("%s: %d forms, %d post, %d tokens", s.Name, forms, posts, tokens)
		}
	}
}

func TestNonce(t *testing.T) {
	plain, _ := renderers(t, "")
	page := render(t, plain, Sample{Frame: Frame{Nonce: "abc123"}, View: Login{}})
	if n := strings.Count(page, ` nonce="abc123"`); n != 2 {
		t.Errorf("%d elements carry the nonce, want the style sheet and the script", n)
	}
}

// The first load of /login, as sent: at most 40 kB.
func TestWeightOfLogin(t *testing.T) {
	plain, _ := renderers(t, "")
	page := render(t, plain, Samples()[0])
	total := len(squeeze(t, page))
	for _, e := range elements(t, page) {
		for _, name := range []string{"href", "src"} {
			if file, ok := strings.CutPrefix(e.attr[name], AssetPrefix); ok {
				a, ok := plain.Assets()[file]
				if !ok {
					t.Fatalf("no asset %s", file)
				}
				total += len(sent(a))
			}
		}
	}
	t.Logf("first load of /login: %d bytes", total)
	if total > 40_000 {
		t.Errorf("first load of /login is %d bytes", total)
	}
}

// sent is what travels of an asset.
func sent(a Asset) []byte {
	if a.Gzip != nil {
		return a.Gzip
	}
	return a.Body
}

func squeeze(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// SE-43: assets are named by their content and unpack to it.
func TestAssets(t *testing.T) {
	plain, _ := renderers(t, "")
	named := regexp.MustCompile(`^[a-z]+-[0-9a-f]{12}\.(css|js|svg)$`)
	for name, a := range plain.Assets() {
		if !named.MatchString(name) || a.Name != name || a.ContentType == "" {
			t.Errorf("asset %q, %q, %q", name, a.Name, a.ContentType)
		}
		if a.Gzip == nil {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(a.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(z)
		if err != nil || !bytes.Equal(body, a.Body) {
			t.Errorf("%s does not unpack to itself: %v", name, err)
		}
	}
}

// The addresses the pages lead to, for whoever routes them.
func TestRoutes(t *testing.T) {
	found := map[string]bool{}
	each(t, "", func(t *testing.T, s Sample, page string) {
		for _, e := range elements(t, page) {
			if action, ok := e.attr["action"]; ok {
				found["POST "+action] = true
			}
			if u, err := url.Parse(e.attr["href"]); e.tag == "a" && err == nil && u.Path != "" && u.Host == "" && u.Scheme == "" {
				found["GET "+u.Path] = true
			}
		}
	})
	compare(t, "testdata/routes.txt", strings.Join(slices.Sorted(maps.Keys(found)), "\n")+"\n")
}

// Enter presses the first button of a form that submits it. Where one of them goes
// the form's own way, that is the one.
func TestEnterSubmits(t *testing.T) {
	each(t, "", func(t *testing.T, s Sample, page string) {
		elsewhere := ""
		for _, e := range elements(t, page) {
			switch {
			case e.tag == "form":
				elsewhere = ""
			case e.tag != "button" || e.attr["type"] == "button":
			case e.attr["formaction"] != "":
				elsewhere = e.attr["id"]
			case elsewhere != "":
				t.Errorf("Enter presses #%s, not #%s", elsewhere, e.attr["id"])
			}
		}
	})
}

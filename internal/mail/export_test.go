package mail

// Shape is a shape, for tests.
type Shape struct{ Code, Link, Act, Object bool }

// Shapes are all shapes.
var Shapes = func() map[Template]Shape {
	all := map[Template]Shape{}
	for name, s := range shapes {
		all[name] = Shape{s.code, s.link, s.act, s.object != ""}
	}
	return all
}()

// Words are the phrases by language.
func Words() (map[string]map[Template]phrases, error) {
	all, err := loadWords()
	out := map[string]map[Template]phrases{}
	for lang, w := range all {
		out[lang] = w.Templates
	}
	return out, err
}

// Wait is wait.
var Wait = wait

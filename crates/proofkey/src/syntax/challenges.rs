//! The challenges of a `WWW-Authenticate` header (RFC 9110 sections 5.6 and 11.6.1).

/// One challenge: how a server wants a request to authenticate.
pub(crate) struct AuthChallenge<'a> {
    scheme: &'a str,
    params: Vec<(&'a str, String)>,
    has_token68: bool,
}

impl<'a> AuthChallenge<'a> {
    /// Reads all challenges of a header, in their order; `None` if it does not have the form of the RFC.
    pub(crate) fn parse_all(header: &'a str) -> Option<Vec<Self>> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = Rest(header);
        while rest.next_element() {
            // A comma separates challenges as well as parameters. Only a parameter has a "=" after its name.
            if let Some((name, value)) = rest.param() {
                challenges.last_mut()?.add(name, value)?;
            } else {
                let mut challenge = Self { scheme: rest.token()?, params: Vec::new(), has_token68: false };
                if rest.spaces() && !rest.is_at_end() {
                    match rest.param() {
                        Some((name, value)) => challenge.add(name, value)?,
                        None => challenge.has_token68 = rest.token68(),
                    }
                }
                challenges.push(challenge);
            }
            if !rest.is_at_end() {
                return None;
            }
        }
        Some(challenges)
    }

    /// Whether the scheme is this one, which is case-insensitive.
    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The parameter of this name, which is case-insensitive.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Adds a parameter, which may occur only once, and not after a `token68`.
    fn add(&mut self, name: &'a str, value: String) -> Option<()> {
        let may_add = !self.has_token68 && self.param(name).is_none();
        may_add.then(|| self.params.push((name, value)))
    }
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Goes to the next element of the list; elements may be empty. `false` if there is none.
    fn next_element(&mut self) -> bool {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
        !self.0.is_empty()
    }

    /// Whether the element ends here, perhaps after white space.
    fn is_at_end(&self) -> bool {
        matches!(self.0.trim_start_matches([' ', '\t']).chars().next(), None | Some(','))
    }

    /// `token BWS "=" BWS ( token / quoted-string )`. Takes nothing if it is something else, such as a `token68`.
    fn param(&mut self) -> Option<(&'a str, String)> {
        let mut rest = Rest(self.0);
        let name = rest.token()?;
        rest.white_space();
        rest.0 = rest.0.strip_prefix('=')?;
        rest.white_space();
        let value = rest.quoted_string().or_else(|| rest.token().map(str::to_owned))?;
        self.0 = rest.0;
        Some((name, value))
    }

    fn token(&mut self) -> Option<&'a str> {
        self.take(|character| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character))
    }

    /// Skips a `token68`. `false` if there is none.
    fn token68(&mut self) -> bool {
        let is_there = self.take(|character| character.is_ascii_alphanumeric() || "-._~+/".contains(character));
        self.0 = self.0.trim_start_matches('=');
        is_there.is_some()
    }

    /// Takes nothing if it is not one, or does not end.
    fn quoted_string(&mut self) -> Option<String> {
        let mut characters = self.0.strip_prefix('"')?.chars();
        let mut text = String::new();
        loop {
            let character = match characters.next()? {
                '"' => break,
                '\\' => characters.next()?,
                character => character,
            };
            if character.is_ascii_control() && character != '\t' {
                return None;
            }
            text.push(character);
        }
        self.0 = characters.as_str();
        Some(text)
    }

    fn white_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Skips what separates a scheme from the rest. `false` if there is nothing.
    fn spaces(&mut self) -> bool {
        self.take(|character| character == ' ').is_some()
    }

    /// Takes the characters that are like this, at least one.
    fn take(&mut self, is_like_this: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.0.find(|character| !is_like_this(character)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).filter(|(taken, _)| !taken.is_empty())?;
        self.0 = rest;
        Some(taken)
    }
}

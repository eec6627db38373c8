use proofkey::{Client, Error, Provider, SealKeys, SealedTokenStore, TokenStore, Tokens};
use serde::Deserialize;

use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    secrets: Vec<String>,
    issuer: Option<String>,
    authorization_endpoint: String,
    token_endpoint: String,
    client_id: String,
    user: String,
    key: String,
    sealed: String,
    tokens: Option<String>,
    error_name: Option<String>,
}

/// A store with one record.
struct One {
    key: String,
    sealed: String,
}

impl TokenStore for One {
    fn load(&self, key: &str) -> Result<Option<String>, Error> {
        assert_eq!(key, self.key);
        Ok(Some(self.sealed.clone()))
    }

    fn save(&self, _: &str, _: &str, _: Option<&str>) -> Result<bool, Error> {
        unreachable!("loading saves nothing")
    }

    fn delete(&self, _: &str, _: &str) -> Result<bool, Error> {
        unreachable!("loading deletes nothing")
    }

    fn lease(&self, _: &str, _: &str, _: u32) -> Result<bool, Error> {
        unreachable!("loading needs no lease")
    }

    fn release(&self, _: &str, _: &str) {}
}

impl Case {
    fn load(&self) -> Result<Option<Tokens>, Error> {
        let provider = Provider::new(&self.authorization_endpoint, &self.token_endpoint)?;
        let provider = match &self.issuer {
            Some(issuer) => provider.with_issuer(issuer)?,
            None => provider,
        };
        let (newest, older) = self.secrets.split_first().unwrap();
        let keys = older.iter().try_fold(SealKeys::new(newest)?, SealKeys::with_older)?;
        let store = SealedTokenStore::new(One { key: self.key.clone(), sealed: self.sealed.clone() }, keys);
        store.load(&Client::new(provider, &self.client_id)?, &self.user)
    }
}

#[test]
fn token_records() {
    let vectors = Vectors::open("token_record", &["opened", "refused"], &[]);
    vectors.run("opened", |case: Case| {
        let loaded = case.load().unwrap().unwrap();
        let stored = Tokens::from_json(&case.tokens.unwrap()).unwrap();
        assert_eq!(loaded.to_json().expose(), stored.to_json().expose());
    });
    vectors.run("refused", |case: Case| {
        assert_eq!(case.load().unwrap_err().kind().name(), case.error_name.unwrap());
    });
}

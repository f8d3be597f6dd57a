//! The settings in force. They may be replaced while requests are under way: each request looks
//! once, and goes by what it saw.

use std::sync::{Arc, PoisonError, RwLock};

use crate::Settings;

/// Shared by everything that goes by the settings.
#[derive(Debug, Clone)]
pub(crate) struct LiveSettings(Arc<RwLock<Arc<Settings>>>);

impl LiveSettings {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }

    /// Those in force now.
    pub(crate) fn now(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}
